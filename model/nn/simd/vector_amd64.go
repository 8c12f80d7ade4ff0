package simd

import "golang.org/x/sys/cpu"

// vector says whether the assembly may run. It is a variable so that tests can
// compare both.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasFMA
