package qmp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Matcher is a condition on an event, see [Client.WaitEvent]. The zero Matcher
// accepts every event.
type Matcher struct {
	text   string
	accept func(Event) bool
	err    error // what is wrong with the condition itself
}

// nothing describes a Matcher that accepts no event.
const nothing = "of no kind"

// String returns the condition in words.
func (m Matcher) String() string {
	if m.text == "" {
		return "of any kind"
	}
	return m.text
}

// Match reports whether the event meets the condition. A matcher whose condition
// is unusable accepts nothing; [Client.WaitEvent] says what is wrong with it.
func (m Matcher) Match(e Event) bool { return m.err == nil && (m.accept == nil || m.accept(e)) }

// Named accepts events that have one of the names.
func Named(names ...string) Matcher {
	return Matching(cmp.Or(strings.Join(names, " or "), nothing), func(e Event) bool {
		return slices.Contains(names, e.Name)
	})
}

// With accepts events whose data contains the document sub: every member of an
// object in sub has to be there and match; null matches anything that is
// there; arrays match when they have the same length and each element
// matches; numbers match by value, exactly. sub is anything that encodes to
// JSON, [Args] for instance.
//
//	qmp.With(qmp.Args{"device": "drive0", "info": qmp.Args{"status": "ready"}})
func With(sub any) Matcher {
	text, err := json.Marshal(sub)
	if err != nil {
		return Matcher{err: fmt.Errorf("the document to match an event with can't be encoded: %w", err)}
	}
	var want any
	if err := decodeValue(text, &want); err != nil {
		return Matcher{err: fmt.Errorf("the document to match an event with: %w", err)}
	}
	return Matcher{
		text: "with " + string(text),
		accept: func(e Event) bool {
			if want == nil {
				return true
			}
			var have any
			return e.Data != nil && decodeValue(e.Data, &have) == nil && contains(have, want)
		},
	}
}

// Matching accepts events that accept returns true for. text says which, for
// errors.
func Matching(text string, accept func(Event) bool) Matcher {
	return Matcher{text: text, accept: accept}
}

// AllOf accepts events that all matchers accept.
func AllOf(matchers ...Matcher) Matcher {
	return combine(matchers, " ", func(e Event) bool {
		for _, m := range matchers {
			if !m.Match(e) {
				return false
			}
		}
		return true
	})
}

// AnyOf accepts events that at least one of the matchers accepts.
func AnyOf(matchers ...Matcher) Matcher {
	if len(matchers) == 0 {
		return Named()
	}
	return combine(matchers, " or ", func(e Event) bool {
		for _, m := range matchers {
			if m.Match(e) {
				return true
			}
		}
		return false
	})
}

// combine makes one matcher of several.
func combine(matchers []Matcher, join string, accept func(Event) bool) Matcher {
	var texts []string
	for _, m := range matchers {
		if m.err != nil {
			return m
		}
		if m.text != "" {
			texts = append(texts, m.text)
		}
	}
	return Matcher{text: strings.Join(texts, join), accept: accept}
}

// contains reports whether the JSON value have contains want, as With says.
func contains(have, want any) bool {
	switch want := want.(type) {
	case nil:
		return true
	case map[string]any:
		object, ok := have.(map[string]any)
		if !ok {
			return false
		}
		for name, value := range want {
			member, ok := object[name]
			if !ok || !contains(member, value) {
				return false
			}
		}
		return true
	case []any:
		array, ok := have.([]any)
		if !ok || len(array) != len(want) {
			return false
		}
		for i := range want {
			if !contains(array[i], want[i]) {
				return false
			}
		}
		return true
	case json.Number:
		number, ok := have.(json.Number)
		return ok && equalNumbers(number, want)
	default: // string or bool
		return have == want
	}
}

// equalNumbers compares two JSON numbers by value, without rounding.
func equalNumbers(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, ok := new(big.Rat).SetString(a.String())
	if !ok {
		return false
	}
	y, ok := new(big.Rat).SetString(b.String())
	return ok && x.Cmp(y) == 0
}
