//go:build !amd64 && !arm64

package gemm

func available() []kernel { return []kernel{portable} }
