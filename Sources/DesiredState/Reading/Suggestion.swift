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
    // Beside a word that looks the same the question alone would be a riddle.
    let strange = word.lookalikeCharacter.map { " The text holds \($0), which only looks like what should be there." }
    return "Did you mean `\(meant)`?" + (strange ?? "")
}

/// `a`, `a or b`, `a, b or c`.
func alternatives(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
}

/// The number of edits from one word to another without regard to case; nil when more than the limit.
private func editDistance(_ a: String, _ b: String, limit: Int) -> Int? {
    // Lower case has other lengths only beyond ASCII, and then by little.
    let difference = abs(a.utf8.count - b.utf8.count)
    guard difference <= 2 * limit + 2 else { return nil }
    if let lettersA = letters(of: a), let lettersB = letters(of: b) {
        // An edit takes one letter away and brings another one, at most.
        guard difference <= limit, (lettersA ^ lettersB).nonzeroBitCount <= 2 * limit else { return nil }
    }
    let (a, b) = (folded(a), folded(b))
    guard abs(a.count - b.count) <= limit, a.count <= 64, b.count <= 64 else { return nil }
    var before = Array(0...b.count)
    var previous = before
    var current = before
    for i in a.indices {
        current[0] = i + 1
        // Each row is at least as far as the nearest of the two before it.
        var nearest = min(i + 1, previous.min() ?? 0)
        for j in b.indices {
            var cost = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
            current[j + 1] = cost
            nearest = min(nearest, cost)
        }
        guard nearest <= limit else { return nil }
        (before, previous, current) = (previous, current, before)
    }
    return previous[b.count] <= limit ? previous[b.count] : nil
}

/// Which letters stand in a word without regard to case, a bit each, others with them; nil beyond ASCII.
private func letters(of word: String) -> UInt64? {
    var letters: UInt64 = 0
    for byte in word.utf8 {
        guard byte < 128 else { return nil }
        letters |= 1 << UInt64(((65...90).contains(byte) ? byte + 32 : byte) & 63)
    }
    return letters
}

private func isASCII(_ word: String) -> Bool { word.utf8.allSatisfy { $0 < 128 } }

/// The bytes of a word in lower case; no more than 65.
private func folded(_ word: String) -> [UInt8] {
    guard isASCII(word) else { return Array(word.lowercased().utf8.prefix(65)) }
    return word.utf8.prefix(65).map { (65...90).contains($0) ? $0 + 32 : $0 }
}
