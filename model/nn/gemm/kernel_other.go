//go:build !amd64

package gemm

func available() []kernel { return []kernel{portable} }
