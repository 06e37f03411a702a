// Package wire is the protocol between the host and the agent in a guest.
//
// It has three layers, each of which both sides use:
//
//   - A [Frame] is one unit on the channel, with a checksum. It has two forms:
//     [Binary] for channels that carry nothing else, and [Console] for a serial
//     console, where text of the kernel and of programs may stand before,
//     between and within frames, and does not damage them.
//   - A [Link] carries messages over frames, in order, each once, whatever the
//     channel loses or damages: frames are numbered, acknowledged and sent
//     again. It begins with a greeting that tells the version of the agent and
//     a number of its own for each start of the agent.
//   - A [Message] belongs to a stream: one request, its answer, and the data of
//     its pipes. [Reader] and [Writer] are the ends of a pipe, with a window
//     each, so that a stream that nobody reads does not hold up the others.
package wire
