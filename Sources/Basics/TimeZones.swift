/// The time zones that somebody needs, by name; UTC is always among them.
public struct TimeZones: Sendable, Hashable {
    private var zones: [String: TimeZone] = [:]
    /// Why a zone that was asked for is not here, by name.
    public private(set) var faults: [String: String] = [:]

    /// What was probably meant by a name that the tz database doesn't have.
    public private(set) var likely: [String: String] = [:]

    public init(_ zones: [TimeZone] = []) {
        for name in ["UTC", "Etc/UTC"] { self.zones[name] = .utc }
        for zone in zones { self.zones[zone.name] = zone }
    }

    public subscript(name: String) -> TimeZone? { zones[name] }

    /// Where the tz database is installed.
    public static let directory = "/usr/share/zoneinfo"

    /// Reads zones from the machine's tz database; one that can't be read is in `faults`.
    public static func load(_ names: some Sequence<String>, from directory: String = TimeZones.directory) -> TimeZones {
        var result = TimeZones()
        for name in Set(names).subtracting(result.zones.keys) {
            guard isName(name) else {
                result.faults[name] = "it is no name of a time zone"
                continue
            }
            do throws(FileSystemFault) {
                let bytes = try FileSystem.read("\(directory)/\(name)", limit: 1 << 20)
                do throws(TimeZoneFault) {
                    result.zones[name] = try TimeZone(name: name, file: bytes)
                } catch {
                    result.faults[name] = "\(directory)/\(name) can't be used: \(error.reason)"
                }
            } catch {
                result.likely[name] = nearest(to: name, in: directory)
                result.faults[name] =
                    FileSystem.isDirectory(directory)
                    ? "the tz database of this machine has no such zone"
                    : "this machine has no tz database (\(directory)): install the package tzdata"
            }
        }
        return result
    }

    /// The name in the tz database that is nearest, looked for part by part: `asia/manilla` is `Asia/Manila`.
    private static func nearest(to name: String, in directory: String) -> String? {
        var path = ""
        for part in name.split(separator: "/") {
            // Data and tables lie beside the zones, with an ending or in small letters.
            let names = FileSystem.list(directory + path).filter {
                !$0.contains(".") && $0.utf8.first.map { (65...90).contains($0) } == true
            }
            guard let found = Suggestion.nearest(to: String(part), in: names) else { return nil }
            path += "/" + found
        }
        return FileSystem.isDirectory(directory + path) ? nil : String(path.dropFirst())
    }

    /// Whether a text can be a name, so that it may become a part of a path: `America/Argentina/Salta`, `Etc/GMT+3`.
    public static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return (1...3).contains(parts.count) && text.utf8.count <= 64
            && parts.allSatisfy { part in
                guard let first = part.utf8.first, (65...90).contains(first) || (97...122).contains(first) else {
                    return false
                }
                return part.utf8.allSatisfy { byte in
                    (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte)
                        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                }
            }
    }
}
