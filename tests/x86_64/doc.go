// Package x86_64 tests the x86_64 target.
package x86_64
