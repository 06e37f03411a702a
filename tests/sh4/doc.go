// Package sh4 tests the sh4 target.
package sh4
