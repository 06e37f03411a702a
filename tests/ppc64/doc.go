// Package ppc64 tests the ppc64 target.
package ppc64
