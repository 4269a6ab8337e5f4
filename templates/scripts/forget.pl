# Makes constant what programs put into a file beside its content; a file of another form stays as it is.
#   a Java keystore: when each certificate was added, and their order
#   TeX's list of its files: their order
# Argument: the file
# Needs no module beyond `perl-base`, the Perl of a slim Debian.
use strict;
use warnings;
use IPC::Open2 'open2';

my ($place) = @ARGV;
open my $file, '<:raw', $place or die "$place: $!\n";
my $old = do { local $/; <$file> };
close $file;
my $new = keystore($old) // listing($old) // $old;
exit if $new eq $old;
open $file, '>:raw', $place or die "$place: $!\n";
print {$file} $new;
close $file or die "$place: $!\n";

# Magic, version, count; of each certificate: kind, alias, time in ms, type, content; at the end a
# digest with the password, Java's default (sun.security.provider.JavaKeyStore).
sub keystore {
    my ($store) = @_;
    return unless $store =~ /^\xFE\xED\xFE\xED\x00\x00\x00\x02/ && length $store > 32;
    my $salt = join('', map { "\0$_" } split //, 'changeit') . 'Mighty Aphrodite';
    my $body = substr $store, 0, -20;
    return unless sha1($salt . $body) eq substr $store, -20;
    my ($at, @entries) = 12;
    for (1 .. unpack 'x8 N', $body) {
        my $start = $at;
        return unless unpack("x$at N", $body) == 2;
        $at += 4;
        $at += 2 + unpack "x$at n", $body;
        substr $body, $at, 8, "\0" x 8;
        $at += 8;
        $at += 2 + unpack "x$at n", $body;
        $at += 4 + unpack "x$at N", $body;
        push @entries, substr $body, $start, $at - $start;
    }
    $body = join '', substr($body, 0, 12), sort @entries;
    return $body . sha1($salt . $body);
}

sub sha1 {
    my ($content) = @_;
    my $process = open2(my $answer, my $question, 'sha1sum');
    binmode $question;
    print {$question} $content;
    close $question;
    my ($digest) = readline($answer) =~ /^([0-9a-f]{40})/;
    waitpid $process, 0;
    return pack 'H*', $digest;
}

# Paragraphs of a folder each: its name, then what is in it. TeX takes the first of several.
sub listing {
    my ($text) = @_;
    return unless $text =~ s/^(% ls-R --[^\n]*\n)//;
    my $head = $1;
    my @folders;
    for my $paragraph (split /\n\n+/, $text) {
        my @entries = grep { length } split /\n/, $paragraph;
        my @names = grep { /:$/ } @entries;
        push @folders, join "\n", @names, sort grep { !/:$/ } @entries if @entries;
    }
    return "$head\n" . join("\n\n", sort @folders) . "\n";
}
