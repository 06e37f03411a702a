// Package i386 tests the i386 target.
package i386
