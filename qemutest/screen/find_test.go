package screen

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// desktop returns a grey screen with copies of an icon.
func desktop(icon image.Image, places ...image.Point) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, 320, 200))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.Gray{60}), image.Point{}, draw.Src)
	for _, at := range places {
		draw.Draw(picture, icon.Bounds().Add(at), icon, image.Point{}, draw.Src)
	}
	return picture
}

func TestFind(t *testing.T) {
	t.Parallel()
	icon := noise(24, 16, 1)
	places := []image.Point{{10, 10}, {34, 10}, {296, 184}}
	found := Find(desktop(icon, places...), icon, 0.95)
	require.Len(t, found, 3)
	for i, at := range places {
		assert.Equal(t, icon.Bounds().Add(at), found[i].Bounds)
		assert.InDelta(t, 1, found[i].Score, 1e-6)
	}
	assert.Empty(t, Find(desktop(noise(24, 16, 2), places...), icon, 0.5), "another icon")
	assert.Empty(t, Find(desktop(icon), icon, 0.1), "nothing on the screen")
	assert.Empty(t, Find(icon, desktop(icon), 0.1), "a template larger than the picture")
	assert.Empty(t, Find(desktop(icon, places...), desktop(icon).SubImage(image.Rect(0, 0, 9, 9)), 0.1), "a template of one colour")
}

// What is brighter or of less contrast is found, and in parts of pictures too.
func TestFindOtherBrightness(t *testing.T) {
	t.Parallel()
	icon := noise(24, 16, 1)
	faint := image.NewRGBA(icon.Rect)
	for i, v := range icon.Pix {
		faint.Pix[i] = 255
		if i%4 < 3 {
			faint.Pix[i] = 100 + v/4
		}
	}
	part := desktop(faint, image.Pt(200, 100)).SubImage(image.Rect(150, 50, 320, 200))
	found := Find(part, icon, 0.95)
	require.Len(t, found, 1)
	assert.Equal(t, icon.Bounds().Add(image.Pt(200, 100)), found[0].Bounds)
	assert.Greater(t, found[0].Score, 0.99)
}

// The search gives up early where a score is out of reach; what it finds is
// what the definition of the coefficient says.
func TestFindByDefinition(t *testing.T) {
	t.Parallel()
	picture := noise(40, 30, 3)
	template := image.NewRGBA(image.Rect(0, 0, 6, 9))
	draw.Draw(template, template.Rect, picture, image.Pt(20, 10), draw.Src)
	p, tmpl := newPlane(picture), newTemplate(template)
	for y := range 30 - 9 {
		for x := range 40 - 6 {
			want := coefficient(picture, template, x, y)
			assert.InDelta(t, want, tmpl.score(p, x, y, -1), 1e-4)
			if cut := tmpl.score(p, x, y, 0.15); want >= 0.151 {
				assert.InDelta(t, want, cut, 1e-4, "given up at %d, %d", x, y)
			} else if want < 0.149 {
				assert.Less(t, cut, 0.15)
			}
		}
	}
}

// coefficient is the normalized correlation coefficient, by its definition.
func coefficient(picture, template *image.RGBA, x, y int) float64 {
	size := template.Bounds().Size()
	part := toRGBA(picture.SubImage(image.Rectangle{Max: size}.Add(image.Pt(x, y))))
	var meanT, meanP [4]float64
	n := float64(size.X * size.Y)
	for i := range template.Pix {
		meanT[i%4] += float64(template.Pix[i]) / n
		meanP[i%4] += float64(part.Pix[i]) / n
	}
	var product, normT, normP float64
	for i := range template.Pix {
		a, b := float64(template.Pix[i])-meanT[i%4], float64(part.Pix[i])-meanP[i%4]
		product, normT, normP = product+a*b, normT+a*a, normP+b*b
	}
	return product / math.Sqrt(normT*normP)
}

func BenchmarkFindOnConsole(b *testing.B) {
	icon := noise(80, 80, 1)
	picture := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range 8 {
		draw.Draw(picture, icon.Bounds().Add(image.Pt(80*i, 0)), icon, image.Point{}, draw.Src)
	}
	for b.Loop() {
		require.Len(b, Find(picture, icon, 0.95), 8)
	}
}

func BenchmarkFindInNoise(b *testing.B) {
	icon, picture := noise(80, 80, 1), noise(640, 480, 2)
	for b.Loop() {
		require.Empty(b, Find(picture, icon, 0.95))
	}
}
