package qmp_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

func TestWith(t *testing.T) {
	t.Parallel()
	const data = `{"device": "drive0", "len": 18446744073709551615, "ratio": 0.1, "ok": true, "none": null,
		"info": {"status": "ready", "io": {"reads": 3}}, "tags": ["a", {"b": 1, "c": 2}]}`
	for _, test := range []struct {
		sub  any
		want bool
	}{
		{nil, true},
		{qmp.Args{}, true},
		{qmp.Args{"device": "drive0"}, true},
		{qmp.Args{"device": "drive1"}, false},
		{qmp.Args{"device": nil}, true},
		{qmp.Args{"absent": nil}, false},
		{qmp.Args{"none": nil}, true},
		{qmp.Args{"none": false}, false},
		{qmp.Args{"ok": true}, true},
		{qmp.Args{"ok": false}, false},
		{qmp.Args{"ok": "true"}, false},
		{qmp.Args{"len": uint64(math.MaxUint64)}, true},
		{qmp.Args{"len": uint64(math.MaxUint64 - 1)}, false}, // the same float64
		{qmp.Args{"ratio": 0.1}, true},
		{json.RawMessage(`{"ratio": 1e-1}`), true},
		{json.RawMessage(`{"ratio": 1e-999999999}`), false},
		{json.RawMessage(`{"len": 1e999999999}`), false},
		{qmp.Args{"info": qmp.Args{"status": "ready"}}, true},
		{qmp.Args{"info": qmp.Args{"io": qmp.Args{"reads": 3}}, "ok": true}, true},
		{qmp.Args{"info": qmp.Args{"io": qmp.Args{"reads": 4}}}, false},
		{qmp.Args{"info": "ready"}, false},
		{qmp.Args{"device": qmp.Args{"a": 1}}, false},
		{qmp.Args{"tags": []any{"a", qmp.Args{"b": 1}}}, true},
		{qmp.Args{"tags": []any{nil, nil}}, true},
		{qmp.Args{"tags": []any{"a"}}, false},
		{qmp.Args{"tags": []any{qmp.Args{"b": 1}, "a"}}, false},
		{qmp.Args{"tags": "a"}, false},
		{struct {
			Device string `json:"device"`
		}{"drive0"}, true},
		{[]string{}, false},
		{"drive0", false},
	} {
		assert.Equal(t, test.want, qmp.With(test.sub).Match(qmp.Event{Name: "E", Data: json.RawMessage(data)}), "%v", test.sub)
	}
	assert.False(t, qmp.With(qmp.Args{}).Match(qmp.Event{Name: "E"}), "an event without data has no object")
	assert.True(t, qmp.With(nil).Match(qmp.Event{Name: "E"}))
}

func TestMatchers(t *testing.T) {
	t.Parallel()
	stop, reset := qmp.Event{Name: "STOP"}, qmp.Event{Name: "RESET", Data: json.RawMessage(`{"guest":true}`)}
	byGuest := qmp.With(qmp.Args{"guest": true})
	for _, test := range []struct {
		m           qmp.Matcher
		stop, reset bool
		text        string
	}{
		{qmp.Matcher{}, true, true, "of any kind"},
		{qmp.Named("STOP"), true, false, "STOP"},
		{qmp.Named("STOP", "RESET"), true, true, "STOP or RESET"},
		{qmp.Named(), false, false, "of no kind"},
		{qmp.AllOf(), true, true, "of any kind"},
		{qmp.AnyOf(), false, false, "of no kind"},
		{qmp.AllOf(qmp.Named("RESET"), byGuest), false, true, `RESET with {"guest":true}`},
		{qmp.AllOf(qmp.Named("STOP"), byGuest), false, false, `STOP with {"guest":true}`},
		{qmp.AnyOf(qmp.Named("STOP"), byGuest), true, true, `STOP or with {"guest":true}`},
		{qmp.Matching("without data", func(e qmp.Event) bool { return e.Data == nil }), true, false, "without data"},
	} {
		assert.Equal(t, test.stop, test.m.Match(stop), test.text)
		assert.Equal(t, test.reset, test.m.Match(reset), test.text)
		assert.Equal(t, test.text, test.m.String())
	}
}

func TestMatcherThatCannotBe(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	p.event("STOP", `{}`)
	received(t, c, p)
	bad := qmp.With(qmp.Args{"f": func() {}})
	for _, m := range []qmp.Matcher{bad, qmp.AllOf(qmp.Named("STOP"), bad), qmp.AnyOf(qmp.Named("STOP"), bad)} {
		_, _, err := c.WaitEvent(context.Background(), 0, m)
		require.ErrorContains(t, err, "the document to match an event with can't be encoded")
		assert.False(t, m.Match(qmp.Event{Name: "STOP"}))
	}
}
