package report

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLine(t *testing.T) {
	t.Parallel()
	want := Facts{Models: []string{"a \"model\"\nof two lines"}, Online: 2}
	line, err := Line(KindFacts, want)
	require.NoError(t, err)
	require.NotContains(t, line, "\n")

	match := regexp.MustCompile(Expression(KindFacts)).FindStringSubmatch("[ 1.0] eth0: up\r\n" + line + "\r\n")
	require.NotNil(t, match)
	got, err := Decode[Facts](match[1])
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotRegexp(t, Expression(KindSMP), line+"\n")
}

func TestDecodeTornLine(t *testing.T) {
	t.Parallel()
	_, err := Decode[Facts](`{"Models":["a"],"On`)
	require.ErrorContains(t, err, "expected a line of the guest's program to be JSON")
}

func TestPatternsDiffer(t *testing.T) {
	t.Parallel()
	assert.Len(t, Pattern(ForGuest), PatternSize)
	assert.Equal(t, Pattern(ForGuest), Pattern(ForGuest))
	assert.NotEqual(t, Pattern(ForGuest), Pattern(ForHost))
}
