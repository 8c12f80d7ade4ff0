// Package idx reads data sets in the file format of MNIST: images and labels in
// idx files, gzipped or not.
package idx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the data "idx" block.
type Config struct {
	_           struct{} `doc:"Images in the file format of MNIST, gzipped or not. The test files become the test split, and val is cut from train."`
	Dir         string   `hcl:"dir" doc:"Folder with the files under MNIST's names, with or without .gz." required:"true"`
	TrainImages string   `hcl:"train_images" doc:"Name of the training images' file." default:"train-images-idx3-ubyte"`
	TrainLabels string   `hcl:"train_labels" doc:"Name of the training labels' file." default:"train-labels-idx1-ubyte"`
	TestImages  string   `hcl:"test_images" doc:"Name of the test images' file; the split is made from the training files where it is missing." default:"t10k-images-idx3-ubyte"`
	TestLabels  string   `hcl:"test_labels" doc:"Name of the test labels' file." default:"t10k-labels-idx1-ubyte"`
	Limit       int      `hcl:"limit" doc:"Use only so many training examples; 0: all." default:"0" min:"0"`
	artifact.Splitting
}

// New is the source of such files.
func New(_ sweep.Spec, c Config) (artifact.Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return source{c}, nil
}

type source struct{ Config }

// find is the path of a file, with .gz where only that is there.
func (s source) find(name string) (string, error) {
	path := filepath.Join(s.Dir, name)
	for _, p := range []string{path, path + ".gz"} {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("neither %s nor %s.gz is there: set dir to the folder of the idx files", path, path)
}

func (s source) Inputs() ([]string, error) {
	var paths []string
	for _, name := range []string{s.TrainImages, s.TrainLabels} {
		path, err := s.find(name)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	images, errImages := s.find(s.TestImages)
	labels, errLabels := s.find(s.TestLabels)
	switch {
	case errImages == nil && errLabels == nil:
		paths = append(paths, images, labels)
	case errImages == nil:
		return nil, errLabels
	case errLabels == nil:
		return nil, errImages
	}
	return paths, nil
}

func (s source) Read(ctx context.Context, b *artifact.Builder) error {
	paths, err := s.Inputs()
	if err != nil {
		return err
	}
	width, height := 0, 0
	for i := 0; i < len(paths); i += 2 {
		if err := ctx.Err(); err != nil {
			return err
		}
		images, shape, err := readFile(paths[i], 3)
		if err != nil {
			return err
		}
		labels, count, err := readFile(paths[i+1], 1)
		if err != nil {
			return err
		}
		n := shape[0]
		if n != count[0] {
			return fmt.Errorf("%s has %d images, %s has %d labels", paths[i], n, paths[i+1], count[0])
		}
		if i == 0 {
			height, width = shape[1], shape[2]
			b.Images(artifact.ImageEncoding{Width: width, Height: height, Channels: 1, Resize: min(width, height)})
			if s.Limit > 0 {
				n = min(n, s.Limit)
			}
		} else if shape[1] != height || shape[2] != width {
			return fmt.Errorf("%s has images of %dx%d, the training images are %dx%d", paths[i], shape[2], shape[1], width, height)
		}
		split := "" // to be divided by shares
		if len(paths) == 4 {
			split = []string{artifact.Train, artifact.Test}[i/2]
		}
		for k := range n {
			b.Image(images[k*width*height:(k+1)*width*height], strconv.Itoa(int(labels[k])), split)
		}
	}
	return nil
}

func readFile(path string, dims int) ([]byte, []int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read idx file: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, shape, err := read(f, dims)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, shape, nil
}

// read reads an idx stream of bytes: two zeros, the type (8: unsigned byte), the
// number of dimensions, their sizes (4 bytes each, big-endian), the data.
func read(r io.Reader, dims int) ([]byte, []int, error) {
	in := bufio.NewReader(r)
	if start, err := in.Peek(2); err == nil && bytes.Equal(start, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, fmt.Errorf("unzip: %w", err)
		}
		in = bufio.NewReader(unzipped)
	}
	header := make([]byte, 4+4*dims)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, nil, fmt.Errorf("its header is cut short: %w", err)
	}
	if header[0] != 0 || header[1] != 0 || header[2] != 8 || int(header[3]) != dims {
		return nil, nil, fmt.Errorf("it is no idx file of bytes in %d dimensions: it begins with %x", dims, header[:4])
	}
	const most = int64(1) << 34 // bytes
	shape := make([]int, dims)
	size := int64(1)
	for i := range shape {
		n := int64(binary.BigEndian.Uint32(header[4+4*i:]))
		if n == 0 || n > most/size {
			return nil, nil, fmt.Errorf("its size of %d in dimension %d is not possible", n, i+1)
		}
		shape[i] = int(n)
		size *= n
	}
	// Grown as it comes: a header may promise more than there is.
	var data bytes.Buffer
	n, err := io.Copy(&data, io.LimitReader(in, size))
	if err != nil {
		return nil, nil, fmt.Errorf("read data: %w", err)
	}
	if n < size {
		return nil, nil, fmt.Errorf("it is cut short in row %d of %d: %d bytes are missing", int(n/(size/int64(shape[0])))+1, shape[0], size-n)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("it goes on after its %d rows", shape[0])
	}
	return data.Bytes(), shape, nil
}
