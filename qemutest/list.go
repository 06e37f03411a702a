package qemutest

import (
	"encoding/json"
	"time"
)

// KindListed is the kind of all skips when QEMU_TEST_LIST is set.
const KindListed Kind = "listed"

// ListAttribute is the attribute (testing.T.Attr, "attr" events of go test
// -json) that holds a test's [Listing] as JSON when QEMU_TEST_LIST is set.
const ListAttribute = "qemu.listing"

// Listing is what a test asks for. With QEMU_TEST_LIST set, [New] reports it and
// ends the test as skipped, before anything is checked, fetched or run: so the
// listing of a test is the same on every host.
type Listing struct {
	Target   string        `json:"target"`
	Machine  string        `json:"machine,omitempty"` // value of -machine
	UserMode bool          `json:"user_mode,omitempty"`
	Thorough bool          `json:"thorough,omitempty"` // in the thorough tier
	Timeout  time.Duration `json:"timeout"`            // in nanoseconds
	Assets   []ListedAsset `json:"assets,omitempty"`
	// Gates are the requirements of StageGate: what must be asked for.
	Gates []string `json:"gates,omitempty"`
	// Needs are the other requirements that are not named above.
	Needs []string `json:"needs,omitempty"`
}

// ListedAsset is an asset of a [Listing].
type ListedAsset struct {
	// URL is where it comes from; for a package of the distribution "apt:" and
	// its name and architecture.
	URL string `json:"url"`
	// Hash is that of its content, "" where that is known only when it was
	// looked up.
	Hash string `json:"hash,omitempty"`
}

func listAsset(a Source) ListedAsset {
	listed := ListedAsset{URL: a.Name()}
	if a, ok := a.(interface{ URL() string }); ok {
		listed.URL = a.URL()
	}
	if a, ok := a.(interface{ Hash() string }); ok {
		listed.Hash = a.Hash()
	}
	return listed
}

// list reports the listing of the test, and ends it.
func (q *Test) list() {
	q.t.Helper()
	listing, err := json.Marshal(q.listing())
	if err != nil {
		q.t.Fatal(err)
	}
	q.t.Attr(ListAttribute, string(listing))
	q.Skip(KindListed, "QEMU_TEST_LIST is set: the test only tells what it needs")
}

func (q *Test) listing() Listing {
	s := &q.settings
	l := Listing{
		Target:   q.target,
		Machine:  s.machine,
		UserMode: s.userMode,
		Thorough: s.thorough(),
		Timeout:  s.timeout,
	}
	for _, a := range s.assets {
		l.Assets = append(l.Assets, listAsset(a))
	}
	for _, r := range s.requirements {
		if r, ok := r.(*requirement); ok && r.configure != nil {
			continue // part of the settings
		}
		if r.Stage() == StageGate {
			l.Gates = append(l.Gates, r.String())
		} else {
			l.Needs = append(l.Needs, r.String())
		}
	}
	return l
}
