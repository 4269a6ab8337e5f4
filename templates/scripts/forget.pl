# Makes constant what programs put into a file beside its content; a file of another form stays as it is.
#   a Java keystore: when each certificate was added, their order, and those whose files went
#   TeX's list of its files: their order
# Arguments: the file; of a keystore, a list of the names of the files that went
# Needs no module beyond `perl-base`, the Perl of a slim Debian.
use strict;
use warnings;
use IPC::Open2 'open2';

my ($place, $gone) = @ARGV;
my $old = content($place);
my $new = keystore($old, defined $gone ? content($gone) : '') // listing($old) // $old;
exit if $new eq $old;
open my $file, '>:raw', $place or die "$place: $!\n";
print {$file} $new;
close $file or die "$place: $!\n";

sub content {
    my ($path) = @_;
    open my $opened, '<:raw', $path or die "$path: $!\n";
    local $/;
    return <$opened> // '';
}

# Magic, version, count; of each certificate: kind, alias, time in ms, type, content; at the end a
# digest with the password, Java's default (sun.security.provider.JavaKeyStore). Debian's aliases are the
# names of the certificates' files, and Java makes them lower case.
sub keystore {
    my ($store, $gone) = @_;
    my %gone = map { (lc "debian:$_" => 1) } split /\n/, $gone;
    return unless $store =~ /^\xFE\xED\xFE\xED\x00\x00\x00\x02/ && length $store > 32;
    my $salt = join('', map { "\0$_" } split //, 'changeit') . 'Mighty Aphrodite';
    my $body = substr $store, 0, -20;
    return unless sha1($salt . $body) eq substr $store, -20;
    my ($at, @entries) = 12;
    for (1 .. unpack 'x8 N', $body) {
        my $start = $at;
        return unless unpack("x$at N", $body) == 2;
        $at += 4;
        my $alias = unpack "x$at n/a", $body;
        $at += 2 + length $alias;
        substr $body, $at, 8, "\0" x 8;
        $at += 8;
        $at += 2 + unpack "x$at n", $body;
        $at += 4 + unpack "x$at N", $body;
        push @entries, substr $body, $start, $at - $start unless $gone{$alias};
    }
    $body = join '', substr($body, 0, 8), pack('N', scalar @entries), sort @entries;
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
