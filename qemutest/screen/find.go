package screen

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// A Match is a place in a picture that looks like a template.
type Match struct {
	Bounds image.Rectangle // in the coordinates of the picture
	Score  float64         // how much it looks like it; 1 is the same
}

// Find returns the places in a picture that look like a template, the best
// first. Their score is the normalized correlation coefficient over all pixels
// and channels, from -1 to 1: 1 is the same up to brightness and contrast, 0
// has nothing in common. Of places that overlap by more than half their width
// and height, only the best is reported. A part of one colour looks like
// nothing, and nothing looks like a template of one colour.
//
// It takes a fraction of a second to find an icon of 80 by 80 pixels on a screen
// of 640 by 480; parts of one colour cost next to nothing.
func Find(picture, template image.Image, minScore float64) []Match {
	p, t := newPlane(picture), newTemplate(template)
	if t.norm == 0 {
		return nil
	}
	var found []Match
	for y := 0; y+t.height <= p.height; y++ {
		for x := 0; x+t.width <= p.width; x++ {
			if score := t.score(p, x, y, minScore); score >= minScore {
				at := picture.Bounds().Min.Add(image.Pt(x, y))
				found = append(found, Match{image.Rectangle{at, at.Add(template.Bounds().Size())}, score})
			}
		}
	}
	return best(found)
}

// best leaves out the matches that overlap a better one by more than half.
func best(matches []Match) []Match {
	slices.SortStableFunc(matches, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Match
	for _, m := range matches {
		if !slices.ContainsFunc(kept, func(k Match) bool {
			common := k.Bounds.Intersect(m.Bounds)
			return 2*common.Dx() > m.Bounds.Dx() && 2*common.Dy() > m.Bounds.Dy()
		}) {
			kept = append(kept, m)
		}
	}
	return kept
}

// channels of a pixel that are looked at: red, green, blue.
const channels = 3

// A plane is a picture prepared for the search: the values of its channels, and
// sums of them by which the energy of any part of it is known at once.
type plane struct {
	width, height int
	values        []float32 // by rows, channels of a pixel together
	sums, squares [channels]table
}

func newPlane(picture image.Image) *plane {
	rgba := toRGBA(picture)
	p := &plane{width: rgba.Rect.Dx(), height: rgba.Rect.Dy()}
	p.values = make([]float32, 0, p.width*p.height*channels)
	for i, v := range rgba.Pix {
		if i%4 < channels {
			p.values = append(p.values, float32(v))
		}
	}
	for c := range channels {
		p.sums[c] = p.table(c, func(v float64) float64 { return v })
		p.squares[c] = p.table(c, func(v float64) float64 { return v * v })
	}
	return p
}

// A table holds, for each point, the sum over all pixels above and to the left
// of it (a summed-area table).
type table struct {
	stride int
	sums   []float64
}

func (p *plane) table(channel int, f func(float64) float64) table {
	t := table{p.width + 1, make([]float64, (p.width+1)*(p.height+1))}
	for y := range p.height {
		row := 0.0
		for x := range p.width {
			row += f(float64(p.values[(y*p.width+x)*channels+channel]))
			t.sums[(y+1)*t.stride+x+1] = t.sums[y*t.stride+x+1] + row
		}
	}
	return t
}

func (t *table) sum(x, y, width, height int) float64 {
	top, bottom := t.sums[y*t.stride:], t.sums[(y+height)*t.stride:]
	return bottom[x+width] - bottom[x] - top[x+width] + top[x]
}

// A template is a picture to search for: its values less the mean of their
// channel.
type template struct {
	width, height int
	values        []float32
	norm          float64
	below         []float64           // norm of the rows from one on
	sumBelow      [channels][]float64 // sum of the values of the rows from one on
}

func newTemplate(picture image.Image) *template {
	p := newPlane(picture)
	t := &template{width: p.width, height: p.height, values: p.values}
	for c := range channels {
		mean := float32(p.sums[c].sum(0, 0, p.width, p.height) / float64(p.width*p.height))
		for i := c; i < len(t.values); i += channels {
			t.values[i] -= mean
		}
	}
	t.below = make([]float64, t.height+1)
	for c := range channels {
		t.sumBelow[c] = make([]float64, t.height+1)
	}
	for y := t.height - 1; y >= 0; y-- {
		energy := t.below[y+1] * t.below[y+1]
		for c := range channels {
			t.sumBelow[c][y] = t.sumBelow[c][y+1]
		}
		for i, v := range t.row(y) {
			energy += float64(v) * float64(v)
			t.sumBelow[i%channels][y] += float64(v)
		}
		t.below[y] = math.Sqrt(energy)
	}
	// One colour: what is left is rounding.
	if t.norm = t.below[0]; t.norm < 1e-3 {
		t.norm = 0
	}
	return t
}

func (t *template) row(y int) []float32 {
	return t.values[y*t.width*channels : (y+1)*t.width*channels]
}

// score returns how much the part of p at x, y looks like t. It gives up, and
// returns -1, when a score of at least minScore is out of reach: what the rows
// that are left can add is at most the product of their norms.
func (t *template) score(p *plane, x, y int, minScore float64) float64 {
	n := float64(t.width * t.height)
	var means [channels]float64
	energy := 0.0 // of the part, less its means
	for c := range channels {
		sum := p.sums[c].sum(x, y, t.width, t.height)
		means[c] = sum / n
		energy += p.squares[c].sum(x, y, t.width, t.height) - sum*means[c]
	}
	if energy < 0.5 { // one colour: the values are whole numbers
		return -1
	}
	scale := 1 / (t.norm * math.Sqrt(energy))
	// The template's values add up to 0 in each channel, so the means of the
	// part need not be taken off its values here.
	product := 0.0
	for row := range t.height {
		start := ((y+row)*p.width + x) * channels
		product += dot(t.row(row), p.values[start:])
		if row%4 != 3 || row == t.height-1 {
			continue
		}
		if (product+t.rest(p, x, y, row+1, means))*scale < minScore {
			return -1
		}
	}
	return product * scale
}

// rest returns the most that the rows from one on can add to the product.
func (t *template) rest(p *plane, x, y, row int, means [channels]float64) float64 {
	height := t.height - row
	n := float64(t.width * height)
	energy, shift := 0.0, 0.0
	for c := range channels {
		sum := p.sums[c].sum(x, y+row, t.width, height)
		energy += p.squares[c].sum(x, y+row, t.width, height) - 2*means[c]*sum + n*means[c]*means[c]
		shift += means[c] * t.sumBelow[c][row]
	}
	return t.below[row]*math.Sqrt(max(energy, 0)) + shift
}

// dot returns the sum of the products of a and the start of b.
func dot(a, b []float32) float64 {
	b = b[:len(a)]
	sum := float32(0)
	for i, v := range a {
		sum += v * b[i]
	}
	return float64(sum)
}
