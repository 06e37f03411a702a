package qemutest

import (
	"fmt"
	"sync"
	"time"
)

// steps are what a test did with its machines, in order: for the one who has
// to do it again by hand.
type steps struct {
	mu   sync.Mutex
	list []step
}

type step struct {
	time time.Time
	text string
}

func (s *steps) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, step{time.Now(), text})
}

func (s *steps) all() []step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]step(nil), s.list...)
}

// step logs what the test did with the machine, and keeps it.
func (vm *VM) step(format string, args ...any) {
	text := vm.Name() + ": " + fmt.Sprintf(format, args...)
	vm.test.logf("%s", text)
	vm.test.steps.add(text)
}
