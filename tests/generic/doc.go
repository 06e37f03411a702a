// Package generic tests what holds for the emulator of every target.
package generic
