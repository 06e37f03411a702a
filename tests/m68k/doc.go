// Package m68k tests the m68k target.
package m68k
