import Basics
import DesiredState
import TestKit
import Testing

/// Real documents about platforms with one place damaged at a time: nothing that a fault hides may look unwanted.
@Suite(.enabled(if: corpusDirectory != nil)) struct PlatformMutationTests {
    private static let folders = [
        "vercel/", "supabase/", "github/", "plane/", "mappings/", "sources/", "slack", "advisor/",
    ]
    private static let documents = [
        "infra/digitalocean/monitoring.yaml", "providers/digitalocean/provider.yaml", "maintenance/convergence.yaml",
        "integrations/slack/apps.yaml", "integrations/slack_agent.install.yaml", "odoo/install_sets/finops_ppm.yaml",
        "platform/surfaces.yaml",
    ]

    private static let original = Result { () throws -> (SourceTree, DesiredState) in
        let files = try files(under: corpusDirectory ?? "", below: "ssot").filter { file in
            let relative = file.path.dropFirst("ssot/".count)
            return folders.contains { relative.hasPrefix($0) } || documents.contains { relative == $0 }
        }
        let tree = SourceTree(
            revision: String(repeating: "c", count: 40), files: files, branches: branches("main", "staging"))
        return (tree, readDesiredState(tree))
    }

    /// Of a hundred mutants ten to a seed.
    @Test(arguments: UInt64(0)..<10) func whatAFaultHidesIsUnknown(_ seed: UInt64) throws {
        let (tree, whole) = try Self.original.get()
        #expect(whole.resources.count > 100)
        let random = RandomSource(seed: seed)
        let cache = DocumentCache()
        for round in 0..<10 {
            var mutant = tree
            let index = Int(random.next() % UInt64(tree.files.count))
            let file = tree.files[index]
            guard file.path.hasSuffix(".yaml"), case .bytes(let bytes) = file.content else { continue }
            let mutation = Mutation.allCases[Int(random.next() % UInt64(Mutation.allCases.count))]
            let changed = mutation.apply(to: bytes, random)
            mutant.files[index] = SourceFile(path: file.path, content: .bytes(changed))
            let state = readDesiredState(mutant, cache: cache)
            let label: Comment = "seed \(seed), round \(round), \(mutation) in \(file.path)"
            #expect(zip(state.resources, state.resources.dropFirst()).allSatisfy { $0.key < $1.key }, label)
            guard MutationTests.hasFaultOfForm(state, beyond: whole) else { continue }
            let present = Set(state.resources.map(\.key))
            let lost = whole.resources.filter { !present.contains($0.key) && !state.covers($0.key, of: $0.environment) }
            #expect(lost.map(\.key.description) == [], "\(label):\n\(MutationTests.difference(bytes, changed))")
        }
    }
}
