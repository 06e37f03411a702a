// Package guest has tests that a guest runs, see package gotest.
package guest

// Larger returns the larger one.
func Larger(a, b int) int {
	if a > b {
		return a
	}
	return b
}
