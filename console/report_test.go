package console

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pieces passes text to a new watch in pieces of n bytes, and returns what it
// has found.
func pieces(t *testing.T, text string, n int, rules ...Rule) []finding {
	w, err := newWatch(rules)
	require.NoError(t, err)
	for len(text) > 0 {
		n := min(n, len(text))
		w.scan([]byte(text[:n]))
		text = text[n:]
	}
	w.finish()
	return w.findings()
}

func TestWhereAReportEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		rules      []Rule
		want       []string
	}{
		{"with its line", "a\r\nfoo Oops bar\r\nb\r\n", []Rule{{Start: Text("Oops")}}, []string{"foo Oops bar\r\n"}},
		{"with the text", "a\nfoo Oops", []Rule{{Start: Text("Oops")}}, []string{"foo Oops"}},
		{"after so many lines", "a\n1\n2\n3\n4\n", []Rule{{Start: Text("1"), Lines: 3}}, []string{"1\n2\n3\n"}},
		{"with the line of its end", "1\n2 end of\n3\n", []Rule{{Start: Text("1"), End: Text("end")}}, []string{"1\n2 end of\n"}},
		{"in its first line", "1 end\n2\n", []Rule{{Start: Text("1"), End: Text("end")}}, []string{"1 end\n"}},
		{"before its end, if that is too far", "1\n2\n3 end\n", []Rule{{Start: Text("1"), End: Text("end"), Lines: 2}}, []string{"1\n2\n"}},
		{"where the start matches at the end of the line", "halted\r\nb\r\n", []Rule{halts}, []string{"halted\r\n"}},
		{"before the line that is too long", "1" + strings.Repeat("x", 2*maxReport), []Rule{{Start: Text("1")}}, []string{"1" + strings.Repeat("x", maxReport)}},
		{"and another begins", "1\n1\n2\n", []Rule{{Start: Text("1")}, {Start: Text("2")}}, []string{"1\n", "1\n", "2\n"}},
		{"not where its start is repeated", "1\n1\n2\n", []Rule{{Start: Text("1"), Lines: 2}, {Start: Text("2")}}, []string{"1\n1\n", "2\n"}},
		{"where what is fatal begins", "WARNING\nKernel panic\nend trace\n", []Rule{warns, panics}, []string{"WARNING\nKernel panic", "Kernel panic\nend trace\n"}},
		{"not where what is noted begins", "Kernel panic\nWARNING\nend Kernel panic\n", []Rule{warns, panics}, []string{"Kernel panic\nWARNING\nend Kernel panic\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			reports, err := Examine(strings.NewReader(tc.text), tc.rules)
			require.NoError(t, err)
			var got []string
			for _, r := range reports {
				assert.Equal(t, tc.text[r.Start:r.End], r.Text)
				got = append(got, r.Text)
			}
			assert.Equal(t, tc.want, got)
			whole := pieces(t, tc.text, len(tc.text), tc.rules...)
			for _, n := range []int{1, 2, 3, 7} {
				assert.Equal(t, whole, pieces(t, tc.text, n, tc.rules...), "in pieces of %d", n)
			}
		})
	}
}

func TestReportsOfAConsole(t *testing.T) {
	t.Parallel()
	var told []Report
	opts := watched()
	opts.Reported = func(r Report) { told = append(told, r) }
	c, g := start(t, opts)
	c.Expect(oopses.Kind)
	g.say("WARNING\r\n", "foo\r\nend trace\r\n", "Oops: 1\r\n2\r\n3\r\nOops: 4\r\n")
	assert.False(t, hasFailed(c))
	g.say("halted\r\nKernel panic")
	g.end(c)
	var got []string
	for _, r := range told {
		got = append(got, r.String())
	}
	assert.Equal(t, []string{"warning: WARNING", "oops: Oops: 1", "oops: Oops: 4", "`halted$`: halted", "kernel panic: Kernel panic"}, got)
	require.Len(t, c.Reports(), len(told))
	assert.Equal(t, "WARNING\r\nfoo\r\nend trace\r\n", told[0].Text)
	assert.True(t, told[1].Noted, "it was expected")
	assert.False(t, told[3].Noted)
	assert.Equal(t, told[3].Text, c.Failure().(*WaitError).Report.Text)
}

func TestAGuestThatComplainsForEver(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("WARNING end trace\n", 1000) + "Kernel panic\n"
	reports, err := Examine(strings.NewReader(text), []Rule{warns, panics})
	require.NoError(t, err)
	require.Len(t, reports, maxReports+1)
	assert.Equal(t, panics.Kind, reports[maxReports].Kind)
}

func TestExamineFails(t *testing.T) {
	t.Parallel()
	_, err := Examine(strings.NewReader(""), []Rule{{Kind: "nothing"}})
	require.ErrorContains(t, err, "rule 0 has no Start")
	_, err = Examine(readerAt{}, []Rule{panics})
	require.ErrorIs(t, err, iotest.ErrTimeout)
}

// A readerAt fails.
type readerAt struct{}

func (readerAt) ReadAt([]byte, int64) (int, error) { return 0, iotest.ErrTimeout }
