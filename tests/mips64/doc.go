// Package mips64 tests the mips64 target.
package mips64
