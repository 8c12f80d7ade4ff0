package simd

// The transforms share sums and differences between their outputs: see lines.go
// for what they are, and the tests for the matrices.

const (
	a, b   = 1.0 / 2, 5.0 / 4
	a2, b2 = a * a, b * b
	na, nb = 2 * a2 * (a2 - b2), 2 * b2 * (b2 - a2)
)

func inputLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		s3, s4, s5 := s[3*srcStride], s[4*srcStride], s[5*srcStride]
		even, odd := s4-b2*s2, a*(s3-b2*s1)
		even2, odd2 := s4-a2*s2, b*(s3-a2*s1)
		d[0] = a2*b2*s0 - (a2+b2)*s2 + s4
		d[dstStride] = even + odd
		d[2*dstStride] = even - odd
		d[3*dstStride] = even2 + odd2
		d[4*dstStride] = even2 - odd2
		d[5*dstStride] = a2*b2*s1 - (a2+b2)*s3 + s5
	}
}

func outputLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		s3, s4, s5 := s[3*srcStride], s[4*srcStride], s[5*srcStride]
		sum, difference := s1+s2, s1-s2
		sum2, difference2 := s3+s4, s3-s4
		d[0] = s0 + sum + sum2
		d[dstStride] = a*difference + b*difference2
		d[2*dstStride] = a2*sum + b2*sum2
		d[3*dstStride] = a*a2*difference + b*b2*difference2 + s5
	}
}

func kernelLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		even, odd := s0*(1/na)+s2*(a2/na), s1*(a/na)
		even2, odd2 := s0*(1/nb)+s2*(b2/nb), s1*(b/nb)
		d[0] = s0 * (1 / (a2 * b2))
		d[dstStride] = even + odd
		d[2*dstStride] = even - odd
		d[3*dstStride] = even2 + odd2
		d[4*dstStride] = even2 - odd2
		d[5*dstStride] = s2
	}
}

func outputAdjointLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2, s3 := s[0], s[srcStride], s[2*srcStride], s[3*srcStride]
		even, odd := s0+a2*s2, a*(s1+a2*s3)
		even2, odd2 := s0+b2*s2, b*(s1+b2*s3)
		d[0] = s0
		d[dstStride] = even + odd
		d[2*dstStride] = even - odd
		d[3*dstStride] = even2 + odd2
		d[4*dstStride] = even2 - odd2
		d[5*dstStride] = s3
	}
}

func inputAdjointLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		s3, s4, s5 := s[3*srcStride], s[4*srcStride], s[5*srcStride]
		sum, difference := s1+s2, s1-s2
		sum2, difference2 := s3+s4, s3-s4
		d[0] += a2 * b2 * s0
		d[dstStride] += a2*b2*s5 - a*b2*difference - b*a2*difference2
		d[2*dstStride] -= (a2+b2)*s0 + b2*sum + a2*sum2
		d[3*dstStride] += a*difference + b*difference2 - (a2+b2)*s5
		d[4*dstStride] += s0 + sum + sum2
		d[5*dstStride] += s5
	}
}

func kernelAdjointLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		s3, s4, s5 := s[3*srcStride], s[4*srcStride], s[5*srcStride]
		sum, difference := s1+s2, s1-s2
		sum2, difference2 := s3+s4, s3-s4
		d[0] = s0*(1/(a2*b2)) + sum*(1/na) + sum2*(1/nb)
		d[dstStride] = difference*(a/na) + difference2*(b/nb)
		d[2*dstStride] = sum*(a2/na) + sum2*(b2/nb) + s5
	}
}
