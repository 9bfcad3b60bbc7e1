/// The word that was probably meant: the nearest by edits, if it is near; nil otherwise.
///
/// One edit in words of up to four bytes, two in longer ones; a swap of neighbours is one edit.
func closest(to word: String, among words: some Sequence<String>) -> String? {
    let limit = word.utf8.count <= 4 ? 1 : 2
    var best: (word: String, distance: Int)?
    for candidate in words {
        guard let distance = editDistance(word, candidate, limit: limit) else { continue }
        if let found = best, (found.distance, found.word) <= (distance, candidate) { continue }
        best = (candidate, distance)
    }
    return best?.word
}

/// `Did you mean "x"?`, or what else to do.
func didYouMean(_ word: String, among words: some Sequence<String>, else hint: String) -> String {
    guard let meant = closest(to: word, among: words) else { return hint }
    return "Did you mean `\(meant)`?"
}

/// `a`, `a or b`, `a, b or c`.
func alternatives(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
}

/// The number of edits from one word to another without regard to case; nil when more than the limit.
private func editDistance(_ a: String, _ b: String, limit: Int) -> Int? {
    // Lower case has other lengths only beyond ASCII, and then by little.
    guard abs(a.utf8.count - b.utf8.count) <= 2 * limit + 2 else { return nil }
    let (a, b) = (Array(a.lowercased().utf8.prefix(65)), Array(b.lowercased().utf8.prefix(65)))
    guard abs(a.count - b.count) <= limit, a.count <= 64, b.count <= 64 else { return nil }
    var before: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var current = [i + 1]
        for j in b.indices {
            var cost = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
            current.append(cost)
        }
        // Each row is at least as far as the nearest of the two before it.
        guard current.contains(where: { $0 <= limit }) || previous.contains(where: { $0 <= limit }) else { return nil }
        (before, previous) = (previous, current)
    }
    return previous[b.count] <= limit ? previous[b.count] : nil
}
