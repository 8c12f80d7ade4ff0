package simd

// The transforms share sums and differences between their outputs: see lines.go
// for what they are, and the tests for the matrices.

func inputLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		s3, s4, s5 := s[3*srcStride], s[4*srcStride], s[5*srcStride]
		even, odd := s4-4*s2, s3-4*s1
		even2, odd2 := s4-s2, 2*(s3-s1)
		d[0] = 4*(s0-s2) + even2
		d[dstStride] = even + odd
		d[2*dstStride] = even - odd
		d[3*dstStride] = even2 + odd2
		d[4*dstStride] = even2 - odd2
		d[5*dstStride] = 4*(s1-s3) + (s5 - s3)
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
		d[dstStride] = difference + 2*difference2
		d[2*dstStride] = sum + 4*sum2
		d[3*dstStride] = difference + 8*difference2 + s5
	}
}

func kernelLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		ends := s0 + s2
		even, odd := s0*(1.0/24)+s2*(1.0/6), s1*(1.0/12)
		d[0] = s0 * 0.25
		d[dstStride] = (ends + s1) * (-1.0 / 6)
		d[2*dstStride] = (ends - s1) * (-1.0 / 6)
		d[3*dstStride] = even + odd
		d[4*dstStride] = even - odd
		d[5*dstStride] = s2
	}
}

func outputAdjointLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2, s3 := s[0], s[srcStride], s[2*srcStride], s[3*srcStride]
		even, odd := s0+s2, s1+s3
		even2, odd2 := s0+4*s2, 2*(s1+4*s3)
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
		sum2, difference2 := s3+s4, 2*(s3-s4)
		d[0] += 4 * s0
		d[dstStride] += 4*(s5-difference) - difference2
		d[2*dstStride] -= 5*s0 + 4*sum + sum2
		d[3*dstStride] += difference + difference2 - 5*s5
		d[4*dstStride] += s0 + sum + sum2
		d[5*dstStride] += s5
	}
}

func kernelAdjointLinesGo(dst []float32, dstStride int, src []float32, srcStride, n int) {
	for i := range n {
		s, d := src[i:], dst[i:]
		s0, s1, s2 := s[0], s[srcStride], s[2*srcStride]
		s3, s4, s5 := s[3*srcStride], s[4*srcStride], s[5*srcStride]
		sum, difference := s1+s2, s2-s1
		sum2, difference2 := s3+s4, s3-s4
		d[0] = s0*0.25 - sum*(1.0/6) + sum2*(1.0/24)
		d[dstStride] = difference*(1.0/6) + difference2*(1.0/12)
		d[2*dstStride] = (sum2-sum)*(1.0/6) + s5
	}
}
