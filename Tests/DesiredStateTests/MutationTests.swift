import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// The example with one place damaged at a time: nothing that a fault hides may look as if nobody wanted it.
@Suite struct MutationTests {
    private static let example = Result { () throws -> (SourceTree, DesiredState) in
        let tree = try exampleTree()
        return (tree, readDesiredState(tree))
    }

    /// Of five hundred mutants ten to a seed.
    @Test(arguments: UInt64(0)..<50) func whatAFaultHidesIsUnknown(_ seed: UInt64) throws {
        let (tree, whole) = try Self.example.get()
        let random = RandomSource(seed: seed)
        let damaged = tree.files.indices.filter { tree.files[$0].path.hasSuffix(".yaml") }
        for round in 0..<10 {
            var mutant = tree
            let index = damaged[Int(random.next() % UInt64(damaged.count))]
            let file = tree.files[index]
            guard case .bytes(let bytes) = file.content else { continue }
            let mutation = Mutation.allCases[Int(random.next() % UInt64(Mutation.allCases.count))]
            let changed = mutation.apply(to: bytes, random)
            mutant.files[index] = SourceFile(path: file.path, content: .bytes(changed))
            let state = readDesiredState(mutant)
            let label: Comment =
                "seed \(seed), round \(round), \(mutation) in \(file.path):\n\(Self.difference(bytes, changed))"
            checkOrder(state, label)
            guard Self.hasFaultOfForm(state) else { continue }
            let present = Set(state.resources.map(\.key))
            let lost = whole.resources.filter { !present.contains($0.key) && !state.covers($0.key, of: $0.environment) }
            #expect(lost.map(\.key) == [], label)
            let slugs = Set(state.environments.map(\.slug))
            let gone = whole.environments.map(\.slug).filter { slug in
                !slugs.contains(slug)
                    && !state.unknown.contains { [.everything, .environments, .environment(slug)].contains($0.extent) }
            }
            #expect(gone == [], label)
            let rows = Set(state.integrations.map(\.id))
            let lostRows = whole.integrations.filter {
                !rows.contains($0.id) && !state.covers(ResourceKey(.integration, $0.id), of: nil)
            }
            #expect(lostRows.map(\.id) == [], label)
        }
    }

    /// Whether a fault was found that says the text is not what its author meant.
    ///
    /// That is broken syntax, a key twice, a wrong type, a missing or misspelt key. Another name is none: it is another
    /// wish.
    static func hasFaultOfForm(_ state: DesiredState, beyond others: DesiredState? = nil) -> Bool {
        let known = Set(others?.diagnostics ?? [])
        return state.diagnostics.contains { diagnostic in
            guard !known.contains(diagnostic) else { return false }
            return diagnostic.code.hasPrefix("FMT-")
                || ["SSOT-0003", "SSOT-0004", "SSOT-0005"].contains(diagnostic.code)
                || diagnostic.code == "SSOT-0006" && diagnostic.hint?.hasPrefix("Did you mean") == true
        }
    }

    private func checkOrder(_ state: DesiredState, _ label: Comment) {
        #expect(zip(state.resources, state.resources.dropFirst()).allSatisfy { $0.key < $1.key }, label)
        #expect(Set(state.environments.map(\.slug)).count == state.environments.count, label)
        #expect(state.diagnostics == state.diagnostics.sorted(), label)
        let keys = Set(state.resources.map(\.key))
        #expect(state.environments.allSatisfy { $0.resources.allSatisfy { keys.contains($0) } }, label)
    }

    /// The first line that differs.
    static func difference(_ before: [UInt8], _ after: [UInt8]) -> String {
        let newline = UInt8(ascii: "\n")
        let (old, new) = (before.split(separator: newline), after.split(separator: newline))
        for (number, line) in old.enumerated() where number >= new.count || new[number] != line {
            let now = number < new.count ? String(decoding: new[number], as: UTF8.self) : "(end)"
            return "- \(String(decoding: line, as: UTF8.self))\n+ \(now)"
        }
        return ""
    }
}

/// One way to damage a text.
enum Mutation: CaseIterable {
    case dropByte, flipByte, insertByte, dropLine, doubleLine, cut, indent, swapLines, emptyValue

    func apply(to bytes: [UInt8], _ random: RandomSource) -> [UInt8] {
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
        var bytes = bytes
        switch self {
        case .dropByte: bytes.remove(at: pick(bytes.count))
        case .flipByte: bytes[pick(bytes.count)] ^= UInt8(1 << pick(8))
        case .insertByte:
            let strange = Array("\"'{}[]:,-#&*!|>%@`\t\n \\0a".utf8) + [0, 0xC3, 0xFF]
            bytes.insert(strange[pick(strange.count)], at: pick(bytes.count))
        case .cut: bytes = Array(bytes.prefix(pick(bytes.count)))
        case .dropLine, .doubleLine, .indent, .swapLines, .emptyValue:
            var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
            let line = pick(lines.count)
            switch self {
            case .dropLine: lines.remove(at: line)
            case .doubleLine: lines.insert(lines[line], at: line)
            case .indent: lines[line] = Array("  ".utf8) + lines[line]
            case .swapLines: if line + 1 < lines.count { lines.swapAt(line, line + 1) }
            default:
                if let colon = lines[line].firstIndex(of: UInt8(ascii: ":")) {
                    lines[line] = Array(lines[line][...colon])
                }
            }
            bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        }
        return bytes
    }
}
