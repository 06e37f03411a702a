package qemutest

import "testing"

// Subtest runs f as a subtest, like [testing.T.Run], on the machines of the
// test. A failure in f, such as that of a [Console.WaitFor], is one of the
// subtest: it ends f, is printed under its name with the evidence, and the test
// goes on; the files with the evidence of its next failure are numbered, such as
// diagnosis-2.txt. -run 'TestX/name' selects it.
//
// Machines, directories and the time belong to the test, not to the subtest:
// they stay until its end. f must not call t.Parallel, because it shares the
// machines with the subtests that follow. Subtests that need machines of their
// own are made with t.Run, and call [New].
func (q *Test) Subtest(name string, f func(t *testing.T)) bool {
	q.t.Helper()
	return q.t.Run(name, func(t *testing.T) {
		outer := q.t
		q.t = t
		defer func() {
			q.t = outer
			if t.Failed() || panicking() {
				q.reportEvidence(t)
				q.reported.CompareAndSwap(reportedAll, reportedSubtest)
				for _, vm := range q.machines() {
					vm.forgetDiagnosis()
				}
			}
		}()
		f(t)
	})
}
