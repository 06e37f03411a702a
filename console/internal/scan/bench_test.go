package scan

import (
	"bytes"
	"fmt"
	"testing"
)

// bootLog returns n bytes that look like a kernel's boot messages.
func bootLog(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "[%5d.%06d] pci 0000:00:%02x.0: BAR %d: assigned [mem 0x%08x-0x%08x]\r\n",
			i/1000, i%1000*977, i%32, i%6, 0x10000000+i*4096, 0x10000fff+i*4096)
	}
	return b.Bytes()[:n]
}

func BenchmarkSet(b *testing.B) {
	log := bootLog(1 << 20)
	var panics []*Expr
	for i := range 30 {
		panics = append(panics, mustText(b, fmt.Sprintf("%c failure number %d", 'A'+i%26, i)))
	}
	for _, bc := range []struct {
		name  string
		exprs []*Expr
	}{
		{"text", []*Expr{mustText(b, "login:")}},
		{"3texts", []*Expr{mustText(b, "login:"), mustText(b, "Kernel panic"), mustText(b, "Oops")}},
		{"30texts", panics},
		{"regexp", []*Expr{mustRegexp(b, `U-Boot \d+\.\d+`)}},
		{"regexpWithoutPrefix", []*Expr{mustRegexp(b, `\w+ login: `)}},
		{"regexpWithAssertion", []*Expr{mustRegexp(b, `^\w+ login: `)}},
		{"3regexps", []*Expr{
			mustRegexp(b, `\w+ login: `), mustRegexp(b, `(?i)kernel panic.*`), mustRegexp(b, `Linux version (\d+\.\d+)`),
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			set := NewSet(bc.exprs, -1)
			b.SetBytes(int64(len(log)))
			for b.Loop() {
				if _, complete := set.Scan(log); complete != nil {
					b.Fatal("matched")
				}
			}
		})
	}
}

func BenchmarkNewSet(b *testing.B) {
	e := []*Expr{mustText(b, "login:")}
	for b.Loop() {
		NewSet(e, -1)
	}
}
