//go:build !linux

package process

func (m Memory) available() (int64, bool) { return 0, false }

func (m Memory) outOfMemoryKills() int { return 0 }

func resident([]ID) int64 { return 0 }

func peak(int) int64 { return 0 }
