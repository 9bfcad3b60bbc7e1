/// What names of the service begin with, as far as this program tells some from others.
///
/// The program is built without the service's rooms; a test holds both together.
enum ServiceNames {
    /// The id of a backup's schedule; the environment's name follows.
    static let backup = "backup/"
    /// The key of what a plan itself rests on, and of no resource.
    static let departure = "source."
}
