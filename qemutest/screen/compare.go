package screen

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
)

// A Comparison says which differences between two pictures count. The zero
// value counts all of them.
type Comparison struct {
	// Tolerance is the largest difference of a channel (red, green, blue; 0 to
	// 255) that does not count.
	Tolerance uint8
	// Mask tells, by its alpha channel as in package draw, which pixels are
	// compared: those that are not wholly transparent. Its top left corner lies
	// on that of the pictures; what it does not cover is not compared. nil
	// compares all.
	Mask image.Image
	// MaxPixels is how many pixels may differ by more than Tolerance.
	MaxPixels int
}

// A Difference tells where two pictures differ. Its places count from the top
// left corner of the pictures.
type Difference struct {
	Pixels  int             // how many differ by more than the tolerance
	Bounds  image.Rectangle // the smallest rectangle that holds them
	First   image.Point     // the first of them, by rows
	Largest uint8           // the largest difference of a channel
}

// A MismatchError is a comparison that failed.
type MismatchError struct {
	Got, Want  image.Point // sizes of the pictures
	Comparison Comparison
	Difference Difference // the zero value when the sizes differ
}

func (e *MismatchError) Error() string {
	if e.Got != e.Want {
		return fmt.Sprintf("expected a picture of %v pixels, got one of %v", e.Want, e.Got)
	}
	return fmt.Sprintf("expected the pictures to be the same, but %d of %d pixels differ by more than %d (%d may), by up to %d, all within %v, the first at %v",
		e.Difference.Pixels, e.Got.X*e.Got.Y, e.Comparison.Tolerance, e.Comparison.MaxPixels,
		e.Difference.Largest, e.Difference.Bounds, e.Difference.First)
}

// Check compares two pictures. The error is a [*MismatchError] when their sizes
// differ, or more than MaxPixels of their pixels.
func (c Comparison) Check(got, want image.Image) error {
	mismatch := &MismatchError{Got: got.Bounds().Size(), Want: want.Bounds().Size(), Comparison: c}
	if mismatch.Got != mismatch.Want {
		return mismatch
	}
	mismatch.Difference = c.Differences(got, want)
	if mismatch.Difference.Pixels > c.MaxPixels {
		return mismatch
	}
	return nil
}

// Differences compares the part of two pictures that both have, from their top
// left corners on.
func (c Comparison) Differences(got, want image.Image) Difference {
	var d Difference
	c.each(got, want, func(x, y int, by uint8) {
		at := image.Pt(x, y)
		if d.Pixels == 0 {
			d.First = at
		}
		d.Pixels++
		d.Bounds = d.Bounds.Union(image.Rectangle{Min: at, Max: at.Add(image.Pt(1, 1))})
		d.Largest = max(d.Largest, by)
	})
	return d
}

// Highlight returns the first picture in faint grey, with the pixels in red
// that differ by more than the tolerance: a picture for people who look for
// the difference.
func (c Comparison) Highlight(got, want image.Image) image.Image {
	picture := toRGBA(got)
	for i := 0; i < len(picture.Pix); i += 4 {
		r, g, b := int(picture.Pix[i]), int(picture.Pix[i+1]), int(picture.Pix[i+2])
		grey := byte(192 + (r+g+b)/3/4)
		picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2] = grey, grey, grey
	}
	c.each(got, want, func(x, y int, _ uint8) {
		picture.SetRGBA(x, y, color.RGBA{R: 255, A: 255})
	})
	return picture
}

// each calls f for each pixel that differs by more than the tolerance.
func (c Comparison) each(got, want image.Image, f func(x, y int, by uint8)) {
	a, b := toRGBA(got), toRGBA(want)
	common := a.Rect.Intersect(b.Rect)
	for y := range common.Dy() {
		rowA, rowB := a.Pix[y*a.Stride:], b.Pix[y*b.Stride:]
		for x := range common.Dx() {
			var by uint8
			for i := 4 * x; i < 4*x+3; i++ {
				by = max(by, max(rowA[i], rowB[i])-min(rowA[i], rowB[i]))
			}
			if by > c.Tolerance && c.counts(x, y) {
				f(x, y, by)
			}
		}
	}
}

// counts reports whether the mask has a pixel compared.
func (c Comparison) counts(x, y int) bool {
	if c.Mask == nil {
		return true
	}
	bounds := c.Mask.Bounds()
	at := image.Pt(x, y).Add(bounds.Min)
	if !at.In(bounds) {
		return false
	}
	_, _, _, alpha := c.Mask.At(at.X, at.Y).RGBA()
	return alpha > 0
}

// Except returns a mask for pictures of this size that leaves rectangles out.
// Rectangles count from the top left corner.
func Except(size image.Point, rectangles ...image.Rectangle) *image.Alpha {
	mask := image.NewAlpha(image.Rectangle{Max: size})
	draw.Draw(mask, mask.Rect, image.Opaque, image.Point{}, draw.Src)
	for _, r := range rectangles {
		draw.Draw(mask, r, image.Transparent, image.Point{}, draw.Src)
	}
	return mask
}

// toRGBA returns a copy of a picture with its top left corner at 0, 0.
func toRGBA(picture image.Image) *image.RGBA {
	bounds := picture.Bounds()
	rgba := image.NewRGBA(image.Rectangle{Max: bounds.Size()})
	draw.Draw(rgba, rgba.Rect, picture, bounds.Min, draw.Src)
	return rgba
}
