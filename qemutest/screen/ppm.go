package screen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/png" // a format of Decode
	"io"
	"os"
)

// MaxPixels is the size in pixels of the largest PPM picture that is read:
// four times a screen of 8K.
const MaxPixels = 4 * 7680 * 4320

func init() {
	for _, magic := range []string{"P3", "P6"} {
		image.RegisterFormat("ppm", magic, DecodePPM, DecodePPMConfig)
	}
}

// Open reads a picture, PNG or PPM, from a file.
func Open(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	defer file.Close()
	picture, err := Decode(file)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return picture, nil
}

// Decode reads a picture, PNG or PPM. The format is told by its first bytes.
func Decode(r io.Reader) (image.Image, error) {
	picture, _, err := image.Decode(r)
	if errors.Is(err, image.ErrFormat) {
		return nil, errors.New("screen: expected a picture in PNG or PPM format, found neither")
	}
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	return picture, nil
}

// DecodePPM reads a picture in PPM format, binary (P6) as QEMU writes it or
// plain (P3), with up to 8 bits per channel: netpbm's ppm(5). The picture is an
// [*image.RGBA].
func DecodePPM(r io.Reader) (image.Image, error) {
	d := ppmDecoder{in: bufio.NewReader(r)}
	picture, err := d.picture()
	if err != nil {
		return nil, fmt.Errorf("ppm: %w", err)
	}
	return picture, nil
}

// DecodePPMConfig reads the size of a picture in PPM format.
func DecodePPMConfig(r io.Reader) (image.Config, error) {
	d := ppmDecoder{in: bufio.NewReader(r)}
	if err := d.header(); err != nil {
		return image.Config{}, fmt.Errorf("ppm: %w", err)
	}
	return image.Config{ColorModel: color.RGBAModel, Width: d.width, Height: d.height}, nil
}

type ppmDecoder struct {
	in            *bufio.Reader
	plain         bool
	width, height int
	maximum       int // value of the brightest channel
}

func (d *ppmDecoder) header() error {
	magic := make([]byte, 2)
	if _, err := io.ReadFull(d.in, magic); err != nil {
		return err
	}
	switch string(magic) {
	case "P3":
		d.plain = true
	case "P6":
	default:
		return fmt.Errorf("expected P3 or P6 at the start, found %q", magic)
	}
	for _, field := range []struct {
		name  string
		value *int
		limit int
	}{
		{"width", &d.width, MaxPixels},
		{"height", &d.height, MaxPixels},
		{"maximum of a channel", &d.maximum, 255},
	} {
		n, err := d.number(field.limit)
		if err != nil {
			return fmt.Errorf("%s: %w", field.name, unexpected(err))
		}
		if n == 0 {
			return fmt.Errorf("%s: expected a number from 1 to %d, found 0", field.name, field.limit)
		}
		*field.value = n
	}
	if d.width > MaxPixels/d.height {
		return fmt.Errorf("expected at most %d pixels, found %d times %d", MaxPixels, d.width, d.height)
	}
	return nil
}

// number reads a decimal number, after white space and comments, and the one
// character that ends it.
func (d *ppmDecoder) number(limit int) (int, error) {
	c, err := d.skip()
	if err != nil {
		return 0, err
	}
	if c < '0' || c > '9' {
		return 0, fmt.Errorf("expected a number, found %q", c)
	}
	n := 0
	for ; c >= '0' && c <= '9'; c, err = d.in.ReadByte() {
		if n = 10*n + int(c-'0'); n > limit {
			return 0, fmt.Errorf("expected a number up to %d, found a greater one", limit)
		}
	}
	if err == io.EOF { // the last number of a plain file
		return n, nil
	}
	if err == nil && !isSpace(c) {
		err = fmt.Errorf("expected white space after the number %d, found %q", n, c)
	}
	return n, err
}

// skip reads up to the first character that is neither white space nor part of
// a comment, and returns it.
func (d *ppmDecoder) skip() (byte, error) {
	for comment := false; ; {
		c, err := d.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case comment:
			comment = c != '\n' && c != '\r'
		case c == '#':
			comment = true
		case !isSpace(c):
			return c, nil
		}
	}
}

func isSpace(c byte) bool { return bytes.IndexByte([]byte(" \t\n\v\f\r"), c) >= 0 }

// unexpected tells the end of the file in the middle of it from others.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// picture reads the whole file. Rows are appended as they come, so that a file
// which promises more than it holds costs no more memory than it has bytes.
func (d *ppmDecoder) picture() (image.Image, error) {
	if err := d.header(); err != nil {
		return nil, err
	}
	channels := make([]byte, 0, 3*d.width)
	var pixels []byte
	for y := range d.height {
		channels = channels[:0]
		for range 3 * d.width {
			n, err := d.channel()
			if err != nil {
				return nil, fmt.Errorf("row %d of %d: %w", y+1, d.height, unexpected(err))
			}
			channels = append(channels, byte(n*255/d.maximum))
		}
		for x := 0; x < len(channels); x += 3 {
			pixels = append(pixels, channels[x], channels[x+1], channels[x+2], 255)
		}
	}
	return &image.RGBA{Pix: pixels, Stride: 4 * d.width, Rect: image.Rect(0, 0, d.width, d.height)}, nil
}

func (d *ppmDecoder) channel() (int, error) {
	if d.plain {
		return d.number(d.maximum)
	}
	c, err := d.in.ReadByte()
	if err == nil && int(c) > d.maximum {
		err = fmt.Errorf("expected channels up to %d, found %d", d.maximum, c)
	}
	return int(c), err
}
