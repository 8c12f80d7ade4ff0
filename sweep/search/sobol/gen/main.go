// Command gen writes directions.bin, the direction numbers of the Sobol sequence
// in package sobol, from SciPy's copy of new-joe-kuo-6 (S. Joe and F. Kuo,
// "Constructing Sobol sequences with better two-dimensional projections", SIAM
// J. Sci. Comput. 30, 2008; web.maths.unsw.edu.au/~fkuo/sobol). It is run by hand.
//
//	go run ./gen SITE-PACKAGES/scipy/stats/_sobol_direction_numbers.npz
package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os"
	"regexp"
	"strconv"
)

// dimensions is how many of the 21201 dimensions are kept.
const dimensions = 1024

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen FILE.npz")
		os.Exit(2) //nolint:forbidigo // main alone exits
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "gen: error: %v\n", err)
		os.Exit(1) //nolint:forbidigo // main alone exits
	}
}

func run(path string) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return fmt.Errorf("open direction numbers: %w", err)
	}
	defer archive.Close() //nolint:errcheck // it was only read
	poly, _, err := array(&archive.Reader, "poly.npy")
	if err != nil {
		return err
	}
	initial, rows, err := array(&archive.Reader, "vinit.npy")
	if err != nil {
		return err
	}
	var table []byte
	for dim := 1; dim < dimensions; dim++ { // dimension 0 has no polynomial: all its numbers are 1
		p := uint64(poly[dim])
		table = binary.AppendUvarint(table, p)
		for k := range bits.Len64(p) - 1 {
			table = binary.AppendUvarint(table, uint64(initial[k*rows+dim]))
		}
	}
	if err := os.WriteFile("directions.bin", table, 0o644); err != nil {
		return fmt.Errorf("write direction numbers: %w", err)
	}
	return nil
}

var header = regexp.MustCompile(`'descr': '<i8', 'fortran_order': (?:True, 'shape': \((\d+), (\d+)|False, 'shape': \((\d+),)\)`)

// array reads a NumPy array of 64-bit integers: a magic of 8 bytes, the length of
// the header, the header, the numbers column by column. rows is the length of one.
func array(archive *zip.Reader, name string) (numbers []int64, rows int, err error) {
	file, err := archive.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", name, err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", name, err)
	}
	const start = 10
	end := start + int(binary.LittleEndian.Uint16(content[8:]))
	match := header.FindSubmatch(content[start:end])
	if match == nil {
		return nil, 0, fmt.Errorf("read %s: %q is no header of whole numbers by column", name, content[start:end])
	}
	rows, _ = strconv.Atoi(string(match[1]) + string(match[3])) // the pattern has digits only
	columns, _ := strconv.Atoi(string(match[2]))                // none: 0
	numbers = make([]int64, rows*max(columns, 1))
	if err := binary.Read(bytes.NewReader(content[end:]), binary.LittleEndian, numbers); err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", name, err)
	}
	return numbers, rows, nil
}
