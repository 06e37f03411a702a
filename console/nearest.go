package console

import (
	"bytes"
	"strings"

	"github.com/qemutest/functional/console/internal/scan"
)

// nearestReach is how far back the nearest line is looked for, in bytes.
const nearestReach = 256 << 10

// nearest returns the line from an offset on that has most in common with
// what the expressions have to contain: the longest part of it, in upper or
// lower case, and at least half. Of several such lines it is the last.
func (c *Console) nearest(from int64, exprs []*scan.Expr) string {
	end := c.text.length()
	p, err := c.text.slice(max(from, end-nearestReach), end)
	if err != nil {
		return ""
	}
	best, nearest := 0.5, ""
	for _, e := range exprs {
		want := strings.ToLower(strings.TrimSpace(e.Literal()))
		if want == "" {
			continue
		}
		for line := range bytes.Lines(p) {
			line = bytes.TrimRight(line, "\r\n")
			if len(line) > maxLine {
				line = line[len(line)-maxLine:]
			}
			common := commonLength(want, strings.ToLower(string(line)))
			if score := float64(common) / float64(len(want)); score >= best {
				best, nearest = score, string(line)
			}
		}
	}
	return nearest
}

// commonLength returns the length of the longest text that is part of both.
func commonLength(a, b string) int {
	longest := 0
	row := make([]int, len(b)+1) // row[j]: the length that ends at a[i] and b[j-1]
	for i := range len(a) {
		diagonal := 0
		for j := range len(b) {
			above := row[j+1]
			if row[j+1] = 0; a[i] == b[j] {
				row[j+1] = diagonal + 1
				longest = max(longest, row[j+1])
			}
			diagonal = above
		}
	}
	return longest
}
