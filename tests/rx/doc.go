// Package rx tests the rx target.
package rx
