#include "textflag.h"

// func transpose8(dst *float32, dstStride int, src *float32, srcStride, n int)
//
// Eight rows of n values (a multiple of 4), srcStride apart, become n rows of
// eight, dstStride apart, written in order: 8x4 blocks in registers.
TEXT ·transpose8(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD dstStride+8(FP), R1
	MOVD src+16(FP), R8
	MOVD srcStride+24(FP), R2
	MOVD n+32(FP), R3
	LSL $2, R1, R1
	ADD R2<<2, R8, R9
	ADD R2<<2, R9, R10
	ADD R2<<2, R10, R11
	ADD R2<<2, R11, R12
	ADD R2<<2, R12, R13
	ADD R2<<2, R13, R14
	ADD R2<<2, R14, R15

block:
	VLD1.P 16(R8), [V0.S4]
	VLD1.P 16(R9), [V1.S4]
	VLD1.P 16(R10), [V2.S4]
	VLD1.P 16(R11), [V3.S4]
	VLD1.P 16(R12), [V4.S4]
	VLD1.P 16(R13), [V5.S4]
	VLD1.P 16(R14), [V6.S4]
	VLD1.P 16(R15), [V7.S4]
	VZIP1 V2.S4, V0.S4, V16.S4
	VZIP2 V2.S4, V0.S4, V17.S4
	VZIP1 V3.S4, V1.S4, V18.S4
	VZIP2 V3.S4, V1.S4, V19.S4
	VZIP1 V6.S4, V4.S4, V20.S4
	VZIP2 V6.S4, V4.S4, V21.S4
	VZIP1 V7.S4, V5.S4, V22.S4
	VZIP2 V7.S4, V5.S4, V23.S4
	VZIP1 V18.S4, V16.S4, V24.S4
	VZIP1 V22.S4, V20.S4, V25.S4
	VZIP2 V18.S4, V16.S4, V26.S4
	VZIP2 V22.S4, V20.S4, V27.S4
	VZIP1 V19.S4, V17.S4, V28.S4
	VZIP1 V23.S4, V21.S4, V29.S4
	VZIP2 V19.S4, V17.S4, V30.S4
	VZIP2 V23.S4, V21.S4, V31.S4
	VST1.P [V24.S4, V25.S4], (R0)(R1)
	VST1.P [V26.S4, V27.S4], (R0)(R1)
	VST1.P [V28.S4, V29.S4], (R0)(R1)
	VST1.P [V30.S4, V31.S4], (R0)(R1)
	SUB $4, R3
	CBNZ R3, block
	RET
