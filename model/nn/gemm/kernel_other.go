//go:build !amd64

package gemm

func choose() kernel { return portable }

func available() []kernel { return []kernel{portable} }
