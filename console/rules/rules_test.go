package rules_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
)

// A source is something that prints reports.
type source struct {
	dir     string // of its samples, below testdata
	lineEnd string
	rules   []console.Rule
}

// Guests print on consoles, QEMU into a file.
var (
	guests  = source{".", "\r\n", rules.Guests()}
	qemu    = source{"qemu", "\n", rules.QEMU}
	sources = []source{guests, qemu}
)

// samples returns what a source prints, by name: one case in each file. Beside
// each file is what is to be found in it, one report in each line: its kind,
// whether it is fatal, its number of lines and its first line.
func (s source) samples(t *testing.T) map[string]string {
	files, err := filepath.Glob(filepath.Join("testdata", s.dir, "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found[strings.TrimSuffix(file, ".txt")] = strings.ReplaceAll(string(text), "\n", s.lineEnd)
	}
	return found
}

// findings describes reports as the files do.
func findings(reports []console.Report) string {
	var b strings.Builder
	for _, r := range reports {
		severity := "fatal"
		if r.Noted {
			severity = "noted"
		}
		fmt.Fprintf(&b, "%s, %s, %d lines: %s\n", r.Kind, severity, strings.Count(strings.TrimSuffix(r.Text, "\n"), "\n")+1, r.Line)
	}
	return b.String()
}

// bytewise returns what a console finds in a text that arrives byte by byte.
func bytewise(t *testing.T, text string, watched []console.Rule) []console.Report {
	near, guest := net.Pipe()
	c, err := console.New(near, console.Options{Watch: watched})
	require.NoError(t, err)
	for i := range len(text) {
		_, err := io.WriteString(guest, text[i:i+1])
		require.NoError(t, err)
	}
	require.NoError(t, guest.Close())
	<-c.Done()
	reports := c.Reports()
	require.NoError(t, c.Close())
	return reports
}

func TestSamples(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		for name, text := range source.samples(t) {
			t.Run(filepath.Base(name), func(t *testing.T) {
				t.Parallel()
				want, err := os.ReadFile(name + ".want")
				require.NoError(t, err)
				reports, err := console.Examine(strings.NewReader(text), source.rules)
				require.NoError(t, err)
				assert.Equal(t, string(want), findings(reports))
				assert.Equal(t, string(want), findings(bytewise(t, text, source.rules)), "byte by byte")
				if strings.HasPrefix(filepath.Base(name), "no-failure") {
					assert.Empty(t, reports)
				} else {
					assert.NotEmpty(t, reports)
				}
			})
		}
	}
}

// The kernel prints when it likes: the first report of a sample is found
// wherever that is, and is of the same kind. How long it is can differ.
func TestInterruptedSamples(t *testing.T) {
	t.Parallel()
	const line = "[   12.345678] usb 1-1: new high-speed USB device\r\n"
	for name, text := range guests.samples(t) {
		whole, err := console.Examine(strings.NewReader(text), rules.Guests())
		require.NoError(t, err)
		for seed := range uint64(100) {
			rng := rand.New(rand.NewPCG(seed, 0))
			var b strings.Builder
			for i := range len(text) {
				if rng.IntN(len(text)) < 20 {
					b.WriteString(line)
				}
				b.WriteByte(text[i])
			}
			reports, err := console.Examine(strings.NewReader(b.String()), rules.Guests())
			require.NoError(t, err)
			if len(whole) == 0 {
				require.Empty(t, reports, "%s: %s", name, b.String())
				continue
			}
			require.NotEmpty(t, reports, "%s: %s", name, b.String())
			require.Equal(t, whole[0].Kind, reports[0].Kind, "%s: %s", name, b.String())
		}
	}
}

// A rule without a sample may be wrong and nobody would know.
func TestEveryRuleHasASample(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		all := source.samples(t)
		for _, rule := range source.rules {
			found := false
			for name, text := range all {
				if strings.HasPrefix(filepath.Base(name), "no-failure") {
					continue
				}
				reports, err := console.Examine(strings.NewReader(text), []console.Rule{rule})
				require.NoError(t, err)
				found = found || len(reports) > 0
			}
			assert.True(t, found, "%s: no file of testdata has %v", rule.Kind, rule.Start)
		}
	}
}

func TestRulesAreUsable(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		_, err := console.Examine(strings.NewReader(""), source.rules)
		require.NoError(t, err)
		for _, r := range source.rules {
			assert.NotEmpty(t, r.Kind, "%v", r.Start)
		}
	}
}

// BenchmarkWait measures a wait for patterns that match at the end of a
// stream of 64 MiB while all rules are watched, over a socket.
func BenchmarkWait(b *testing.B) {
	var boot strings.Builder
	for i := 0; boot.Len() < 1<<20; i++ {
		fmt.Fprintf(&boot, "[%5d.%06d] pci 0000:00:%02x.0: BAR %d: assigned [mem 0x%08x-0x%08x]\r\n",
			i/1000, i%1000*977, i%32, i%6, 0x10000000+i*4096, 0x10000fff+i*4096)
	}
	for name, patterns := range map[string][]console.Pattern{
		"text": {console.Text("login: ")},
		"regexps": {
			console.Regexp(`\w+ login: `), console.Regexp(`(?i)kernel panic.*`), console.Regexp(`^Linux version (\d+\.\d+)`),
		},
	} {
		for _, bc := range []struct {
			name    string
			watched []console.Rule
		}{{"unwatched", nil}, {"watched", rules.Guests()}} {
			b.Run(name+"/"+bc.name, func(b *testing.B) {
				b.SetBytes(64 << 20)
				for b.Loop() {
					near, guest := socketPair(b)
					c, err := console.New(near, console.Options{Watch: bc.watched})
					require.NoError(b, err)
					go func() {
						for range 64 {
							io.WriteString(guest, boot.String())
						}
						io.WriteString(guest, "\r\nbuildroot login: ")
					}()
					_, err = c.Wait(b.Context(), console.Wait{Success: patterns})
					require.NoError(b, err)
					require.NoError(b, c.Close())
					require.NoError(b, guest.Close())
				}
			})
		}
	}
}

// socketPair returns two connected unix sockets, as machines use them.
func socketPair(b *testing.B) (near, far net.Conn) {
	listener, err := net.Listen("unix", filepath.Join(b.TempDir(), "s"))
	require.NoError(b, err)
	defer listener.Close()
	near, err = net.Dial("unix", listener.Addr().String())
	require.NoError(b, err)
	far, err = listener.Accept()
	require.NoError(b, err)
	return near, far
}
