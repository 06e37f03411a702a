package hang

import (
	"context"
	"time"
)

// A Baseline is what QEMU's threads had done at some time, such as the beginning
// of a wait. From there on, [ExamineSince] judges what the host kept from them:
// what happened earlier says nothing about the wait.
type Baseline struct {
	taken   time.Time
	process Process
}

// Look takes a baseline of the process of a machine, or of its wrapper. It costs
// a few files of /proc. The zero Baseline, of a host that tells nothing, is none.
func Look(ctx context.Context, pid int) Baseline {
	p, err := readProcess(ctx, pid)
	if err != nil {
		return Baseline{}
	}
	return Baseline{time.Now(), p}
}

// A Spell is a part of QEMU's life.
type Spell struct {
	Lasted time.Duration
	Lacked time.Duration // in which QEMU had no processor: its thread for which that was longest
	Ran    time.Duration // of the thread that ran longest, the examination left out
}

// since returns what the process went through since the baseline.
func (b Baseline) since(p Process, now time.Time) Spell {
	if b.taken.IsZero() || len(p.Threads) == 0 {
		return Spell{}
	}
	s := Spell{Lasted: now.Sub(b.taken)}
	for _, t := range p.Threads {
		lacked, ran := t.TotalWaited, t.TotalRan-t.Ran
		if earlier := b.process.thread(t.ID); earlier != nil {
			lacked -= earlier.TotalWaited
			ran -= earlier.TotalRan
		}
		s.Lacked = max(s.Lacked, lacked)
		s.Ran = max(s.Ran, ran)
	}
	return s
}

// slowdown returns how many times longer things take in it. A thread waits at most
// all the time; clocks of different precision may say otherwise.
func (s Spell) slowdown() float64 {
	if s.Lasted <= 0 || s.Lacked <= 0 {
		return 1
	}
	return float64(s.Lasted) / float64(max(s.Lasted-s.Lacked, s.Lasted/1000))
}
