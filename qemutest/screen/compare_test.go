package screen

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noise returns a picture in which no part looks like another.
func noise(width, height int, seed uint64) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 0))
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = byte(r.Uint32())
		if i%4 == 3 {
			picture.Pix[i] = 255
		}
	}
	return picture
}

func TestComparison(t *testing.T) {
	t.Parallel()
	want := noise(20, 10, 1)
	got := noise(20, 10, 1)
	for _, at := range []image.Point{{3, 2}, {5, 7}} {
		c := got.RGBAAt(at.X, at.Y)
		c.G ^= 8
		got.SetRGBA(at.X, at.Y, c)
	}

	err := Comparison{}.Check(got, want)
	var mismatch *MismatchError
	require.ErrorAs(t, err, &mismatch)
	assert.Equal(t, Difference{Pixels: 2, Bounds: image.Rect(3, 2, 6, 8), First: image.Pt(3, 2), Largest: 8}, mismatch.Difference)
	require.ErrorContains(t, err, "2 of 200 pixels differ by more than 0 (0 may), by up to 8, all within (3,2)-(6,8), the first at (3,2)")

	require.Error(t, Comparison{Tolerance: 7}.Check(got, want))
	require.NoError(t, Comparison{Tolerance: 8}.Check(got, want))
	require.Error(t, Comparison{MaxPixels: 1}.Check(got, want))
	require.NoError(t, Comparison{MaxPixels: 2}.Check(got, want))
	require.ErrorContains(t, Comparison{Tolerance: 255}.Check(noise(20, 11, 1), want), "expected a picture of (20,10) pixels, got one of (20,11)")
}

func TestComparisonMask(t *testing.T) {
	t.Parallel()
	want := noise(20, 10, 1)
	got := noise(20, 10, 1)
	got.SetRGBA(3, 2, color.RGBA{A: 255})

	assert.NoError(t, Comparison{Mask: Except(image.Pt(20, 10), image.Rect(3, 2, 4, 3))}.Check(got, want))
	assert.Error(t, Comparison{Mask: Except(image.Pt(20, 10), image.Rect(4, 2, 5, 3))}.Check(got, want))
	assert.NoError(t, Comparison{Mask: Except(image.Pt(20, 2))}.Check(got, want), "rows that the mask does not cover")
	// Parts of larger pictures have other coordinates, but the same places.
	large := image.NewRGBA(image.Rect(0, 0, 50, 50))
	draw.Draw(large, image.Rect(30, 30, 50, 40), got, image.Point{}, draw.Src)
	part := large.SubImage(image.Rect(30, 30, 50, 40))
	assert.Error(t, Comparison{}.Check(part, want))
	assert.NoError(t, Comparison{Mask: Except(image.Pt(20, 10), image.Rect(3, 2, 4, 3))}.Check(part, want))
}

func TestHighlight(t *testing.T) {
	t.Parallel()
	want := noise(20, 10, 1)
	got := noise(20, 10, 1)
	got.SetRGBA(3, 2, color.RGBA{A: 255})
	picture := Comparison{}.Highlight(got, want)
	red := color.RGBA{R: 255, A: 255}
	assert.Equal(t, red, picture.At(3, 2))
	assert.NotEqual(t, red, picture.At(4, 2))
}
