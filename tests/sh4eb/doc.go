// Package sh4eb tests the sh4eb target.
package sh4eb
