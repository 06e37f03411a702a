// Package runner tells a test process that the program which ran it is gone:
// "go test" or gotestsum was killed, and nobody reads the results any more.
//
// The kernel tells a process nothing when its parent dies. A test process whose
// "go test" was killed would go on to its last test, with all its machines.
//
// # Which processes count
//
// Somebody who starts a test binary in the background and logs out wants it to
// go on. So not every parent counts, but only those that run tests, by the names
// of their programs: go, gotestsum and test2json. [Find] walks up from the
// parent of this process as long as it meets such ones, and ends at the first
// other process: a shell, make, an editor, init. With
//
//	make → sh → go tool gotestsum → gotestsum → go test → arm.test
//
// three are watched: go test, gotestsum, and the go command that started it.
// "nohup go test ./... &" goes on when its shell ends. A test binary that a
// shell started is not watched at all.
//
// "go test -exec wrapper" puts a process of another name between itself and the
// test binary. The go command gives all test binaries the flag
// -test.paniconexit0; one that has it passes over other processes up to the
// nearest runner.
//
// # Limits
//
// A runner that is killed in the first milliseconds of the test process, before
// Find was called, is not noticed, because an orphan looks like a process that
// init started. go test's -timeout ends such a test process. Linux before 5.3
// cannot watch processes that are not children; nothing is noticed there.
package runner
