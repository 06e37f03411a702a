package screen

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ppm writes a picture as QEMU does.
func ppm(picture image.Image) []byte {
	var b bytes.Buffer
	bounds := picture.Bounds()
	fmt.Fprintf(&b, "P6\n%d %d\n255\n", bounds.Dx(), bounds.Dy())
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			b.Write([]byte{c.R, c.G, c.B})
		}
	}
	return b.Bytes()
}

func TestDecodeFormats(t *testing.T) {
	t.Parallel()
	want := noise(7, 5, 1)
	var encoded bytes.Buffer
	require.NoError(t, png.Encode(&encoded, want))
	plain := "P3\n# from a program\n7 5 # size\n255"
	for i, v := range want.Pix {
		if i%4 < 3 {
			plain += fmt.Sprintf("\n%d", v)
		}
	}
	for name, data := range map[string][]byte{"png": encoded.Bytes(), "P6": ppm(want), "P3": []byte(plain)} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, data, 0o644))
		got, err := Open(path)
		require.NoError(t, err, name)
		assert.NoError(t, Comparison{}.Check(got, want), name)
	}
}

func TestDecodePPMScalesChannels(t *testing.T) {
	t.Parallel()
	picture, err := DecodePPM(strings.NewReader("P3 2 1 15 15 0 5 0 15 3"))
	require.NoError(t, err)
	assert.Equal(t, color.RGBA{255, 0, 85, 255}, picture.At(0, 0))
	assert.Equal(t, color.RGBA{0, 255, 51, 255}, picture.At(1, 0))
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for data, text := range map[string]string{
		"":                        "expected a picture in PNG or PPM format",
		"GIF89a":                  "expected a picture in PNG or PPM format",
		"P6\n2 2\n255\nabc":       "row 1 of 2: unexpected EOF",
		"P6\n2 x\n255\n":          `height: expected a number, found 'x'`,
		"P6\n0 2\n255\n":          "width: expected a number from 1",
		"P6\n99999 99999\n255\n":  "expected at most",
		"P6\n999999999 1\n255\n":  "found a greater one",
		"P6\n1 1\n65535\n":        "found a greater one",
		"P6\n1 1\n7\nabc":         "expected channels up to 7",
		"P3\n1 1\n7\n1 2 8":       "found a greater one",
		"P3\n1 1\n7\n1 2, 8":      "expected white space",
		"P6\n1# the size ends \n": "expected white space",
	} {
		_, err := Decode(strings.NewReader(data))
		assert.ErrorContains(t, err, text, "%q", data)
	}
	_, err := Open(filepath.Join(t.TempDir(), "none.png"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzDecodePPM(f *testing.F) {
	f.Add(ppm(noise(3, 2, 1)))
	f.Add([]byte("P3\n# c\n2 1\n15\n15 0 5 0 15 3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		picture, err := DecodePPM(bytes.NewReader(data))
		if err != nil {
			return
		}
		config, err := DecodePPMConfig(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, image.Pt(config.Width, config.Height), picture.Bounds().Size())
		again, err := DecodePPM(bytes.NewReader(ppm(picture)))
		require.NoError(t, err)
		require.NoError(t, Comparison{}.Check(again, picture))
	})
}
