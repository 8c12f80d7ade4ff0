//go:build !linux

package process

func adopt() error { return nil }

func descendants(int) []ID { return nil }

func byEnvironment(string) map[string][]ID { return nil }
