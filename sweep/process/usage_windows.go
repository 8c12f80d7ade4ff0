package process

import "os"

func peakBelow() int64 { return 0 }

func peakOf(*os.ProcessState) int64 { return 0 }
