package model_test

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"
)

func writePNG(t *testing.T, path string) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 6, 6))
	for i := range 36 {
		img.SetGray(i%6, i/6, color.Gray{uint8(i * 7)})
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Fatal(err)
	}
}
