import Basics
import DesiredState
import Diff
import Formats
import Testing

@testable import Reconciler

@Suite("What is kept for others to read after a pass")
struct IngestAfterTests {
    private static func object(_ name: String, _ id: String, size: String = "small") -> ObservedResource {
        ObservedResource(
            key: ResourceKey(.droplet, name), providerID: id,
            attributes: Attributes([Attributes.Item("size", .string(size))]))
    }

    /// What the last done step of each change left, over what was seen before them.
    @Test(
        "is what was seen, with what its steps have made, and without what they have taken away",
        arguments: [
            ([:], "a=1 small, b=2 small"),
            ([ResourceKey(.droplet, "c"): object("c", "3")], "a=1 small, b=2 small, c=3 small"),
            ([ResourceKey(.droplet, "b"): object("b", "2", size: "large")], "a=1 small, b=2 large"),
            // Made anew under its name, renamed, gone, and of another kind.
            ([ResourceKey(.droplet, "b"): object("b", "9")], "a=1 small, b=9 small"),
            ([ResourceKey(.droplet, "c"): object("c", "2")], "a=1 small, c=2 small"),
            ([ResourceKey(.droplet, "a"): nil], "b=2 small"),
            ([ResourceKey(.firewall, "a"): nil], "a=1 small, b=2 small"),
        ] as [([ResourceKey: ObservedResource?], String)])
    func after(left: [ResourceKey: ObservedResource?], text: String) {
        let gap = Completeness.partial(reason: "a page is missing")
        let seen = ObservedKind(
            kind: .droplet, completeness: gap, gaps: ["z": gap],
            resources: [Self.object("a", "1"), Self.object("b", "2")])
        let after = seen.after(left)
        let words = after.resources.map {
            "\($0.key.name)=\($0.providerID) \($0.attributes["size"]?.stringValue ?? "")"
        }
        #expect(words.joined(separator: ", ") == text)
        // That something was made proves nothing of the rest.
        #expect(after.completeness == gap && after.gaps == ["z": gap] && after.kind == .droplet)
    }
}
